//! cert-manager v1.21.2.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Str, Time};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    Certificate::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "cert-manager.io", version = "v1", namespaced, short_name("cert", "certs"), category("cert-manager"), column(name = "Ready", type = "string", json_path = r#".status.conditions[?(@.type == "Ready")].status"#), column(name = "Secret", type = "string", json_path = ".spec.secretName"), column(name = "Issuer", type = "string", json_path = ".spec.issuerRef.name", priority = 1), column(name = "Status", type = "string", json_path = r#".status.conditions[?(@.type == "Ready")].message"#, priority = 1), column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"), selectable_field = ".spec.issuerRef.group", selectable_field = ".spec.issuerRef.kind", selectable_field = ".spec.issuerRef.name")]
struct Certificate {
    metadata: ObjectMeta,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    #[kubernetes(list_type = "atomic")]
    additional_output_formats: Option<Vec<AdditionalOutputFormats>>,
    common_name: Option<Str>,
    #[kubernetes(list_type = "atomic")]
    dns_names: Option<Vec<Str>>,
    duration: Option<Str>,
    #[kubernetes(list_type = "atomic")]
    email_addresses: Option<Vec<Str>>,
    encode_usages_in_request: Option<bool>,
    #[kubernetes(list_type = "atomic")]
    ip_addresses: Option<Vec<Str>>,
    #[kubernetes(rename = "isCA")]
    is_ca: Option<bool>,
    issuer_ref: IssuerRef,
    keystores: Option<Keystores>,
    literal_subject: Option<Str>,
    name_constraints: Option<NameConstraints>,
    #[kubernetes(list_type = "atomic")]
    other_names: Option<Vec<OtherNames>>,
    private_key: Option<PrivateKey>,
    renew_before: Option<Str>,
    renew_before_percentage: Option<i32>,
    renewal: Option<Renewal>,
    revision_history_limit: Option<i32>,
    secret_name: Str,
    secret_template: Option<SecretTemplate>,
    signature_algorithm: Option<SignatureAlgorithm>,
    subject: Option<Subject>,
    #[kubernetes(list_type = "atomic")]
    uris: Option<Vec<Str>>,
    #[kubernetes(
        list_type = "atomic",
        items(enum(
            "signing",
            "digital signature",
            "content commitment",
            "key encipherment",
            "key agreement",
            "data encipherment",
            "cert sign",
            "crl sign",
            "encipher only",
            "decipher only",
            "any",
            "server auth",
            "client auth",
            "code signing",
            "email protection",
            "s/mime",
            "ipsec end system",
            "ipsec tunnel",
            "ipsec user",
            "timestamping",
            "ocsp signing",
            "microsoft sgc",
            "netscape sgc"
        ))
    )]
    usages: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct AdditionalOutputFormats {
    r#type: AdditionalOutputFormatsType,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum AdditionalOutputFormatsType {
    DER,
    CombinedPEM,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct IssuerRef {
    group: Option<Str>,
    kind: Option<Str>,
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Keystores {
    jks: Option<Jks>,
    pkcs12: Option<Pkcs12>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Jks {
    alias: Option<Str>,
    create: bool,
    password: Option<Str>,
    password_secret_ref: Option<PasswordSecretRef>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct PasswordSecretRef {
    key: Option<Str>,
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Pkcs12 {
    create: bool,
    password: Option<Str>,
    password_secret_ref: Option<PasswordSecretRef>,
    profile: Option<Profile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Profile {
    LegacyRC2,
    LegacyDES,
    Modern2023,
    Modern2026,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct NameConstraints {
    critical: Option<bool>,
    excluded: Option<Excluded>,
    permitted: Option<Excluded>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Excluded {
    #[kubernetes(list_type = "atomic")]
    dns_domains: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    email_addresses: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    ip_ranges: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    uri_domains: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct OtherNames {
    oid: Option<Str>,
    utf8_value: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct PrivateKey {
    algorithm: Option<Algorithm>,
    encoding: Option<Encoding>,
    rotation_policy: Option<RotationPolicy>,
    #[kubernetes(format = "")]
    size: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Algorithm {
    RSA,
    ECDSA,
    Ed25519,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Encoding {
    PKCS1,
    PKCS8,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum RotationPolicy {
    Never,
    Always,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Renewal {
    policy: Option<Policy>,
    #[kubernetes(list_type = "atomic")]
    windows: Option<Vec<Windows>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Policy {
    RenewBefore,
    Disabled,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Windows {
    #[kubernetes(min_length = 1)]
    cron: Str,
    #[kubernetes(min_length = 1)]
    timezone: Option<Str>,
    #[kubernetes(pattern = r#"^([0-9]+(\.[0-9]+)?(s|m|h))+$"#)]
    window_duration: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SecretTemplate {
    annotations: Option<Map<Str>>,
    labels: Option<Map<Str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum SignatureAlgorithm {
    SHA256WithRSA,
    SHA384WithRSA,
    SHA512WithRSA,
    ECDSAWithSHA256,
    ECDSAWithSHA384,
    ECDSAWithSHA512,
    PureEd25519,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Subject {
    #[kubernetes(list_type = "atomic")]
    countries: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    localities: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    organizational_units: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    organizations: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    postal_codes: Option<Vec<Str>>,
    #[kubernetes(list_type = "atomic")]
    provinces: Option<Vec<Str>>,
    serial_number: Option<Str>,
    #[kubernetes(list_type = "atomic")]
    street_addresses: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    acme: Option<Acme>,
    #[kubernetes(list_map_keys("type"))]
    conditions: Option<Vec<Conditions>>,
    #[kubernetes(format = "")]
    failed_issuance_attempts: Option<i64>,
    last_failure_time: Option<Time>,
    next_private_key_secret_name: Option<Str>,
    not_after: Option<Time>,
    not_before: Option<Time>,
    renewal_time: Option<Time>,
    #[kubernetes(format = "")]
    revision: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Acme {
    ari: Option<Ari>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Ari {
    #[kubernetes(rename = "explanationURL")]
    explanation_url: Option<Str>,
    last_checked: Option<Time>,
    last_error: Option<Str>,
    next_check: Option<Time>,
    suggested_window: Option<SuggestedWindow>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SuggestedWindow {
    end: Time,
    start: Time,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Conditions {
    last_transition_time: Option<Time>,
    message: Option<Str>,
    observed_generation: Option<i64>,
    reason: Option<Str>,
    status: ConditionsStatus,
    r#type: Str,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum ConditionsStatus {
    True,
    False,
    Unknown,
}

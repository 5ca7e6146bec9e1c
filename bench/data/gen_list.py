#!/usr/bin/env python3
"""Write a realistic list (deployments, events, secrets or crds; N objects, managedFields included) as compact JSON.

The objects have the form that a server gives them: sent to one with `kubectl create --dry-run=server`, they are taken.
Usage: gen_list.py KIND N
"""
import base64, json, pathlib, random, sys, uuid

kind, count = sys.argv[1], int(sys.argv[2])
rnd = random.Random(7)
description = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "swagger.json"


def uid():
    return str(uuid.UUID(int=rnd.getrandbits(128), version=4))


def time(i):
    return f"2026-11-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:{(i * 7) % 60:02d}Z"


def fields(value):
    """The fieldsV1 of all that an object holds."""
    if isinstance(value, dict):
        return {"f:" + key: fields(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {f'k:{{"name":"{item["name"]}"}}': {".": {}, **fields(item)} for item in value}
    return {}


def managed(manager, api_version, i, value):
    return [{"manager": manager, "operation": "Update", "apiVersion": api_version, "time": time(i),
             "fieldsType": "FieldsV1", "fieldsV1": fields(value)}]


def metadata(name, i, namespace=True, **more):
    return {"name": name, **({"namespace": f"ns-{i % 40}"} if namespace else {}), "uid": uid(),
            "resourceVersion": str(100000 + i), "creationTimestamp": time(i), **more}


def deployment(i):
    app = f"app-{i}"
    spec = {
        "replicas": 1 + i % 9, "selector": {"matchLabels": {"app": app}},
        "template": {
            "metadata": {"labels": {"app": app, "tier": "web"}, "annotations": {"checksum/config": f"{rnd.getrandbits(256):064x}"}},
            "spec": {
                "volumes": [{"name": "config", "configMap": {"name": f"{app}-config", "defaultMode": 420}}, {"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}],
                "containers": [{
                    "name": name, "image": f"registry.example.com/{app}/{name}:v1.{i % 30}", "args": ["--listen=:8080", "--log=json"],
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "env": [{"name": "REGION", "value": "eu-west-1"}, {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": app, "key": "password"}}}],
                    "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}, {"name": "cache", "mountPath": "/cache"}],
                    "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
                    "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "allowPrivilegeEscalation": False},
                } for name in ("main", "proxy")],
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler",
                "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}}]}},
            },
        },
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}}, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
    }
    status = {"observedGeneration": 3, "replicas": spec["replicas"], "updatedReplicas": spec["replicas"], "readyReplicas": spec["replicas"], "availableReplicas": spec["replicas"],
              "conditions": [{"type": type_, "status": "True", "lastUpdateTime": time(i), "lastTransitionTime": time(i), "reason": reason, "message": message}
                             for type_, reason, message in (("Available", "MinimumReplicasAvailable", "Deployment has minimum availability."), ("Progressing", "NewReplicaSetAvailable", f'ReplicaSet "{app}-7d4b9c" has successfully progressed.'))]}
    meta = metadata(app, i, generation=3, labels={"app": app, "app.kubernetes.io/managed-by": "helm"}, annotations={"deployment.kubernetes.io/revision": str(1 + i % 12)})
    meta["managedFields"] = managed("helm", "apps/v1", i, {"spec": spec})
    return {"metadata": meta, "spec": spec, "status": status}


def event(i):
    reason, message = (("Pulled", 'Container image "registry.example.com/app:v1" already present on machine'), ("Scheduled", f"Successfully assigned ns-{i % 40}/web-{i} to node-{i % 500}"),
                       ("Unhealthy", 'Readiness probe failed: Get "http://10.1.2.3:8080/ready": context deadline exceeded'), ("BackOff", f"Back-off restarting failed container main in pod web-{i}"))[i % 4]
    body = {"involvedObject": {"kind": "Pod", "namespace": f"ns-{i % 40}", "name": f"web-{i}", "uid": uid(), "apiVersion": "v1", "resourceVersion": str(90000 + i), "fieldPath": "spec.containers{main}"},
            "reason": reason, "message": message, "source": {"component": "kubelet", "host": f"node-{i % 500}"}, "firstTimestamp": time(i), "lastTimestamp": time(i + 1), "count": 1 + i % 5,
            "type": "Normal" if i % 4 < 2 else "Warning", "eventTime": None, "reportingComponent": "kubelet", "reportingInstance": f"node-{i % 500}"}
    meta = metadata(f"web-{i}.{rnd.getrandbits(64):016x}", i)
    meta["managedFields"] = managed("kubelet", "v1", i, body)
    return {"metadata": meta, **body}


def secret(i):
    def data(size):
        return base64.b64encode(rnd.randbytes(size)).decode()
    if i % 2:
        body = {"data": {"tls.crt": data(1600), "tls.key": data(1200)}, "type": "kubernetes.io/tls"}
    else:
        body = {"data": {"username": data(8), "password": data(24), "config.yaml": data(900)}, "type": "Opaque"}
    meta = metadata(f"secret-{i}", i, labels={"app": f"app-{i % 97}"})
    meta["managedFields"] = managed("kubectl-create", "v1", i, body)
    return {"metadata": meta, **body}


def expanded(definitions, schema, depth):
    """A schema without references: how custom resources embed the types of Kubernetes."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name.endswith("Quantity") or name.endswith("IntOrString"):
            return {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
        schema = {**definitions[name], "description": schema.get("description", definitions[name].get("description", ""))}
    result = {key: schema[key] for key in ("description", "type", "format", "required", "default") if key in schema}
    if depth == 0 and schema.get("type") == "object":
        return {**result, "x-kubernetes-preserve-unknown-fields": True}
    if "properties" in schema:
        result["properties"] = {name: expanded(definitions, inner, depth - 1) for name, inner in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            result[key] = expanded(definitions, schema[key], depth - 1)
    return result


def crds():
    definitions = json.loads(description.read_text())["definitions"]
    container = expanded(definitions, {"$ref": "#/definitions/io.k8s.api.core.v1.Container"}, 6)

    def crd(i):
        singular = f"webapp{i}"
        names = {"plural": singular + "s", "singular": singular, "kind": f"WebApp{i}", "listKind": f"WebApp{i}List", "shortNames": [f"wa{i}"], "categories": ["all"]}
        schema = {"openAPIV3Schema": {"type": "object", "description": "WebApp is an application that serves HTTP.", "required": ["spec"], "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": {"type": "object", "properties": {"replicas": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100, "default": 1}, "containers": {"type": "array", "items": container}},
                     "x-kubernetes-validations": [{"rule": "self.replicas <= 10 || has(self.containers)", "message": "more than ten replicas need containers"}]},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}
        spec = {"group": "example.com", "names": names, "scope": "Namespaced", "conversion": {"strategy": "None"}, "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
             "additionalPrinterColumns": [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]}]}
        conditions = [{"type": type_, "status": "True", "lastTransitionTime": time(i), "reason": reason, "message": message}
                      for type_, reason, message in (("NamesAccepted", "NoConflicts", "no conflicts found"), ("Established", "InitialNamesAccepted", "the initial names have been accepted"))]
        meta = metadata(f"{singular}s.example.com", i, namespace=False, generation=1, annotations={"controller-gen.kubebuilder.io/version": "v0.19.0"})
        meta["managedFields"] = managed("kubectl", "apiextensions.k8s.io/v1", i, {"spec": {"names": names}})
        return {"metadata": meta, "spec": spec, "status": {"conditions": conditions, "acceptedNames": names, "storedVersions": ["v1"]}}
    return crd


api_version, list_kind, make = {
    "deployments": ("apps/v1", "DeploymentList", lambda: deployment),
    "events": ("v1", "EventList", lambda: event),
    "secrets": ("v1", "SecretList", lambda: secret),
    "crds": ("apiextensions.k8s.io/v1", "CustomResourceDefinitionList", crds),
}[kind]
make = make()
json.dump({"kind": list_kind, "apiVersion": api_version, "metadata": {"resourceVersion": "999999"}, "items": [make(i) for i in range(count)]}, sys.stdout, separators=(",", ":"))

//! Leader election on Leases, interoperable with client-go.

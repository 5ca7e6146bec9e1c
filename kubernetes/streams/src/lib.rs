//! Byte streams to and from the containers of pods: exec, attach, port-forward, and copy.

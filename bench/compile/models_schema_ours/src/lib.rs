//! Only its dependencies are of interest: how long they take to compile.

// Package machine runs a process tree in namespaces of its own: labinit as its
// first process, a root of its own, cgroups, and a network device whose other
// end is a user-space network in this process (package gateway). It is what
// the nodes of an embedded cluster are, and labctl's own Docker Engine. The
// machine ends with the process that started it; nothing is made on the host
// but one cgroup directory, labctl/<cluster>/<name>, a hierarchy.
package machine

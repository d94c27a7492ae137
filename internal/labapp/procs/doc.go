// Package procs holds the applets about processes and the machine: ps, kill,
// env, id, uname, date, sleep, xargs and friends.
package procs

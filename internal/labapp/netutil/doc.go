// Package netutil holds small versions of curl, wget and nc.
package netutil

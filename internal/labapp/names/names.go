// Package names lists labapp's applets for programs that make images and do
// not want the applets themselves, which build for Linux only.
package names

import "strings"

// All returns the applets' names: the links an image needs in its /bin.
func All() []string {
	return strings.Fields(`
		[ base64 basename cat chmod chown cp curl cut date df dirname dns du echo env false find free grep gunzip gzip
		head hostname http id kill ln load ls md5sum mkdir mktemp mv nc nslookup printenv printf prober ps pwd readlink
		rm rmdir sed seq session sh sha256sum sleep sort stat tail tar tee test timeout touch tr true uname uniq wc web
		wget which whoami xargs
	`)
}

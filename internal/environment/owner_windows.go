package environment

import "io/fs"

// ownerOf is not known here.
func ownerOf(fs.FileInfo) (uid int, known bool) { return 0, false }

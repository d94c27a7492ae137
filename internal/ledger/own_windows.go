package ledger

import (
	"io/fs"
	"os"
)

func own(*os.File, fs.FileInfo) error { return nil }

// Package release says which release of labctl this is, if it is one, and so how
// its user comes by helper programs: those who build labctl have make, those who
// unpacked an archive of `make dist` have not.
package release

// version is set by the linker, in builds for an archive.
var version string

// Version is the version of the archive that this labctl comes in; empty if it
// was built by its user.
func Version() string { return version }

// Restore is how to come by programs that are missing beside labctl, as words to
// follow a colon or to begin a sentence. target is what `make` builds them by.
func Restore(target string) string { return restore(version, target) }

func restore(version, target string) string {
	if version == "" {
		return "build them with `make " + target + "` in labctl's source"
	}
	return "unpack the archive of labctl " + version + " again and run the bin/labctl in it; to call it by name, link to it (`ln -s`), for a copy finds nothing beside it"
}

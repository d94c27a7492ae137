package verdict

import (
	"testing"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
)

// A case that failed is tried again alone, and as the first run: it has to get
// the same environment.
func TestSeedIsTheCases(t *testing.T) {
	a, b := lab.CaseFile{Case: lab.Case{Name: "a"}}, lab.CaseFile{Case: lab.Case{Name: "b"}}
	seen := map[uint64]bool{}
	for _, j := range jobs([]lab.CaseFile{a, b}, 3, 7) {
		again := jobs([]lab.CaseFile{j.CaseFile}, 1, SeedOfRun(7, j.run))
		if again[0].seed != j.seed {
			t.Errorf("%s, run %d: seed %d, and %d when tried again", j.Name, j.run, j.seed, again[0].seed)
		}
		seen[j.seed] = true
	}
	if len(seen) != 6 {
		t.Errorf("six runs have %d seeds", len(seen))
	}
}

// Cases may begin alike, or have names that no environment can have.
func TestEnvironmentsHaveNamesOfTheirOwn(t *testing.T) {
	var cases []lab.CaseFile
	for _, name := range []string{"Two.Words", "a-case-with-quite-a-long-name-1", "a-case-with-quite-a-long-name-2"} {
		cases = append(cases, lab.CaseFile{Case: lab.Case{Name: name, Kind: lab.Mutant}})
	}
	seen := map[string]bool{}
	for _, j := range jobs(cases, 2, 1) {
		name := environmentName(j)
		if seen[name] || !environment.ValidName(name) {
			t.Errorf("%s, run %d: the environment %q is invalid, or another's", j.Name, j.run, name)
		}
		seen[name] = true
	}
}

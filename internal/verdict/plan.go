package verdict

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

// Selection says which cases of a lab are run.
type Selection struct {
	// Cases by name; all if empty.
	Cases []string
	// Checks restricts mutants to those that name one of these checks.
	Checks []string
	// Sample keeps untouched, one solution, and this many mutants; which, the
	// Key decides. 0 keeps all.
	Sample int
	Key    string
}

// choose splits a lab's cases into those to run and the names of the rest.
func (s Selection) choose(all []lab.CaseFile) (chosen []lab.CaseFile, leftOut []string, err error) {
	for _, name := range s.Cases {
		if !slices.ContainsFunc(all, func(c lab.CaseFile) bool { return c.Name == name }) {
			return nil, nil, unknownCase(name, all)
		}
	}
	sampled := s.sample(all)
	for _, c := range all {
		if s.wants(c) && (sampled == nil || sampled[c.Name]) {
			chosen = append(chosen, c)
		} else {
			leftOut = append(leftOut, c.Name)
		}
	}
	return chosen, leftOut, nil
}

// UnknownCaseError says that a lab has no case of that name.
type UnknownCaseError struct {
	Name  string
	Known []string
}

func (e *UnknownCaseError) Error() string {
	return fmt.Sprintf("the lab has no case %q; %s", e.Name, nearest.Suggestion(e.Name, e.Known))
}

func unknownCase(name string, all []lab.CaseFile) error {
	e := &UnknownCaseError{Name: name}
	for _, c := range all {
		e.Known = append(e.Known, c.Name)
	}
	return e
}

func (s Selection) wants(c lab.CaseFile) bool {
	if len(s.Cases) > 0 && !slices.Contains(s.Cases, c.Name) {
		return false
	}
	return len(s.Checks) == 0 || slices.ContainsFunc(s.Checks, func(id string) bool { return c.Fails[id] != "" })
}

// sample picks by a hash of the key and the names, so that every commit tries
// others; nil means all.
func (s Selection) sample(all []lab.CaseFile) map[string]bool {
	if s.Sample == 0 {
		return nil
	}
	byHash := slices.Clone(all)
	rank := func(c lab.CaseFile) uint64 {
		h := fnv.New64a()
		fmt.Fprint(h, s.Key, "/", c.Name)
		return h.Sum64()
	}
	slices.SortFunc(byHash, func(a, b lab.CaseFile) int {
		if rank(a) < rank(b) {
			return -1
		}
		return 1
	})
	picked, left := map[string]bool{}, map[lab.CaseKind]int{lab.Untouched: 1, lab.Solution: 1, lab.Mutant: s.Sample}
	for _, c := range byHash {
		if left[c.Kind] > 0 {
			left[c.Kind]--
			picked[c.Name] = true
		}
	}
	return picked
}

// job is one run of one case.
type job struct {
	lab.CaseFile

	index int // of the case
	run   int
	seed  uint64
}

// jobs repeats the cases, in random order when there are repeats.
func jobs(cases []lab.CaseFile, repeat int, seed uint64) []job {
	var all []job
	for run := 1; run <= max(repeat, 1); run++ {
		for i, c := range cases {
			all = append(all, job{CaseFile: c, index: i + 1, run: run, seed: seedOf(c.Name, SeedOfRun(seed, run))})
		}
	}
	if repeat > 1 {
		random := rand.New(rand.NewPCG(seed, 0))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	return all
}

// SeedOfRun is the seed that makes a repeat the first run: with it alone, the
// same case gets the same environment again.
func SeedOfRun(seed uint64, run int) uint64 { return seed + uint64(run) - 1 }

// seedOf draws the seed of a case's environment, whatever other cases there are.
func seedOf(name string, seed uint64) uint64 {
	h := fnv.New32a()
	fmt.Fprint(h, seed, "/", name)
	return uint64(h.Sum32())
}

package lab

import (
	"hash/fnv"
	"math/rand/v2"
)

// Draw chooses the parameters' values. The same seed gives the same values, in
// every release and on every machine, and a parameter's value depends on the
// seed and its own name only. Whole numbers are int64.
func Draw(params map[string]Param, seed uint64) map[string]any {
	values := make(map[string]any, len(params))
	for name, param := range params {
		values[name] = param.draw(source(seed, name))
	}
	return values
}

// source is a generator of its own for each parameter. The algorithm is part of
// the lab format: a submission is graded with the seed it was made with.
func source(seed uint64, name string) *rand.PCG {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails, says hash.Hash
	return rand.NewPCG(seed, h.Sum64())
}

func (p Param) draw(source *rand.PCG) any {
	switch {
	case len(p.OneOf) > 0:
		return p.OneOf[below(source, len(p.OneOf))]
	case p.Int != nil:
		return int64(p.Int.Min) + int64(below(source, p.Int.Max-p.Int.Min+1))
	}
	return word(source, p.Word)
}

// below is a number from 0 to n-1. Of 2^64 numbers, the bias of the remainder
// does not matter, and unlike rand.IntN it is spelled out here, for good.
func below(source *rand.PCG, n int) int {
	if n <= 1 {
		return 0
	}
	return int(source.Uint64() % uint64(n))
}

// word is a word that can be spoken: consonants and vowels in turn.
func word(source *rand.PCG, letters int) string {
	const consonants, vowels = "bdfghjklmnprstvz", "aeiou"
	out := make([]byte, letters)
	for i := range out {
		set := consonants
		if i%2 == 1 {
			set = vowels
		}
		out[i] = set[below(source, len(set))]
	}
	return string(out)
}

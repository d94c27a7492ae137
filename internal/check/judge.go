package check

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// attempts is how often a check is tried whose load this machine was too busy
// to make.
const attempts = 3

// judge runs one check from beginning to end.
func (r *Runner) judge(ctx context.Context, n *node, o Options, glance bool) Result {
	begun := time.Now()
	var waited int64
	for i := 1; ; i++ {
		result := r.attempt(ctx, n, o, glance)
		waited += result.WaitedMs
		result.Ms, result.WaitedMs = time.Since(begun).Milliseconds(), waited
		if result.Code != CodeLoadUnfit || i == attempts || ctx.Err() != nil {
			return result
		}
	}
}

func (r *Runner) attempt(ctx context.Context, n *node, o Options, glance bool) Result {
	s := r.newScenario(n, glance)
	f := s.play(ctx)
	result := n.result(f.verdict, f.code)
	s.describe(ctx, &result, f, o.Explain) // before the evidence is taken back
	if err := s.end(ctx); err != nil {
		result.Verdict, result.Code = Error, CodeUndoFailed
		result.Message = "What this check did could not be taken back: " + err.Error() + ". `labctl reset` restores the lab."
	}
	result.WaitedMs = s.waited.Milliseconds()
	if result.Verdict == Pass {
		result.Points = n.check.Points
	}
	if o.Explain {
		result.Trace = s.trace.steps
	}
	return result
}

// sentence makes a message one: a capital letter, and a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

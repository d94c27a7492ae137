package kind

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"sigs.k8s.io/kind/pkg/log"
)

// logger tells what kind says it does, one line at a time, without its ornaments.
type logger struct {
	mu   sync.Mutex
	tell func(string)
}

var (
	_ log.Logger     = (*logger)(nil)
	_ log.InfoLogger = (*logger)(nil)
)

func (l *logger) Warn(string)          {}
func (l *logger) Warnf(string, ...any) {}
func (l *logger) Error(message string) { l.Info(message) }
func (l *logger) Errorf(format string, args ...any) {
	l.Infof(format, args...)
}

// V is silent but for what is meant for users.
func (l *logger) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return log.NoopInfoLogger{}
	}
	return l
}

// Enabled is true.
func (l *logger) Enabled() bool { return true }

// Infof is Info.
func (l *logger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }

// Info tells a step when it begins: kind writes " • Starting control-plane 🕹️  ...",
// and a line with a check mark when it is done.
func (l *logger) Info(message string) {
	text, begins := strings.CutPrefix(strings.TrimSpace(message), "•")
	if !begins {
		return
	}
	text = strings.TrimSuffix(strings.TrimSpace(text), "...")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, text))
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(strings.ToLower(text[:1]) + text[1:])
}

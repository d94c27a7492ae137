package command

import (
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// newLogger returns the process's logger and makes Kubernetes log through it.
// Of Kubernetes' own talk only errors are kept: the rest is made for operators.
func newLogger() *slog.Logger {
	level := slog.LevelInfo
	handler := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	errorsOnly := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})
	klog.SetLoggerWithOptions(logr.FromSlogHandler(errorsOnly), klog.ContextualLogger(true))
	return slog.New(handler)
}

// A node has two lives: a start in which the learner waits, and then hours of
// idling beside the learner's editor and browser. The first one may waste
// memory, the second one must not.
const (
	hurryGC, idleGC = 400, 50 // GOGC
	calm            = 5 * time.Second
)

func hurry() { debug.SetGCPercent(hurryGC) }

// settle gives back the memory of the start once the first workload is likely
// to be up.
func settle() {
	time.AfterFunc(calm, func() {
		debug.SetGCPercent(idleGC)
		debug.FreeOSMemory()
	})
}

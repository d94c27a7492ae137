package command

import (
	"log/slog"
	"os"

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

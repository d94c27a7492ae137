package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Run serves until a signal says otherwise. What keeps it from starting is
// one log line and exit code 1 (or FAIL_START_CODE).
func Run(ctx context.Context, p *applet.Process) error {
	log := slog.New(slog.NewJSONHandler(p.Stdout, nil))
	cfg := defaults()
	if err := cfg.load(p.Args, os.LookupEnv); errors.Is(err, opt.ErrHelp) {
		defaults().options().WriteHelp(p.Stdout, p.Name)
		return nil
	} else if err != nil {
		log.Error("cannot start: " + err.Error())
		return applet.Exit(1)
	}
	if cfg.FailStart != "" {
		log.Error("cannot start: " + cfg.FailStart)
		return applet.Exit(cfg.FailStartCode)
	}
	signals := []os.Signal{syscall.SIGTERM, os.Interrupt}
	if cfg.OnSIGTERM == ignoreOnTerm {
		signal.Ignore(signals...)
	} else {
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, signals...)
		defer stop()
	}
	if !pause(ctx, cfg.StartupDelay) {
		return nil // told to stop before it began
	}
	if cfg.StoreURL != "" {
		if err := remoteStore(cfg.StoreURL).ready(ctx); err != nil {
			log.Error("cannot start: " + err.Error())
			return applet.Exit(1)
		}
	}
	address := net.JoinHostPort(cfg.Address, strconv.Itoa(cfg.Port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Error(fmt.Sprintf("cannot start: address %s: %v", address, err))
		return applet.Exit(1)
	}
	return newService(cfg, log, os.Exit).serve(ctx, listener)
}

// pause waits and reports whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

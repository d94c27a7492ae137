package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// monitor calls committed after every commit to nf_tables, by anyone, until ctx
// ends.
func monitor(ctx context.Context, committed func()) error {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return fmt.Errorf("open a netlink socket: %w", err)
	}
	if err := conn.JoinGroup(unix.NFNLGRP_NFTABLES); err != nil {
		_ = conn.Close() // the error that matters is the group's
		return fmt.Errorf("watch nf_tables: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends Receive
	defer stop()
	for {
		_, err := conn.Receive()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, os.ErrDeadlineExceeded):
			_ = conn.Close()
			return fmt.Errorf("watch nf_tables: %w", err)
		}
		committed() // with ENOBUFS too: some events were lost
	}
}

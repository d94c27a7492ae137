package proxy

import (
	"context"
	"encoding/binary"
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

// generation returns the number of nf_tables' last commit, by anyone.
func generation() (uint32, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return 0, fmt.Errorf("open a netlink socket: %w", err)
	}
	defer conn.Close()
	reply, err := conn.Execute(netlink.Message{
		Header: netlink.Header{
			Type:  unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_GETGEN,
			Flags: netlink.Request,
		},
		Data: make([]byte, nfgenHeader),
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the nf_tables generation: %w", err)
	}
	for _, m := range reply {
		attrs, err := netlink.NewAttributeDecoder(m.Data[min(nfgenHeader, len(m.Data)):])
		if err != nil {
			return 0, fmt.Errorf("read the nf_tables generation: %w", err)
		}
		attrs.ByteOrder = binary.BigEndian
		for attrs.Next() {
			if attrs.Type() == unix.NFTA_GEN_ID {
				return attrs.Uint32(), nil
			}
		}
	}
	return 0, errors.New("read the nf_tables generation: the kernel's answer lacks it")
}

// nfgenHeader is the length of what precedes the attributes of every message.
const nfgenHeader = 4

package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// nfgenHeader is the length of what precedes the attributes of every message.
const nfgenHeader = 4

// generation returns the number of nf_tables' last commit, by anyone.
func generation(conn *netlink.Conn) (uint32, error) {
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

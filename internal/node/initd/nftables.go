//go:build linux

package initd

import (
	"encoding/binary"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// nfgenmsgSize is the size of struct nfgenmsg: family, version, resource id.
const nfgenmsgSize = 4

// askGeneration sends NFT_MSG_GETGEN and looks at the answer.
func askGeneration(fd int) error {
	const headers = unix.SizeofNlMsghdr + nfgenmsgSize
	msg := make([]byte, headers)
	binary.NativeEndian.PutUint32(msg[0:], headers)
	binary.NativeEndian.PutUint16(msg[4:], unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_GETGEN)
	binary.NativeEndian.PutUint16(msg[6:], unix.NLM_F_REQUEST)
	timeout := unix.Timeval{Sec: 1}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return err
	}
	if err := unix.Sendto(fd, msg, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 {
		return errors.New("the kernel's answer is too short")
	}
	if binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
		errno := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:]))
		return syscall.Errno(-errno)
	}
	return nil
}

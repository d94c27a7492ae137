package diagnose

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// listening asks the kernel which addresses of a container something listens on.
// It takes nothing of the container's own programs; false if it cannot be known.
func (x world) listening(ctx context.Context, c docked) ([]netip.AddrPort, bool) {
	// There is no tcp6 without IPv6.
	out, err := x.inside(ctx, "container:"+c.ID, []string{"sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true"})
	if err != nil {
		return nil, false
	}
	return listeners(string(out)), true
}

// listeners reads /proc/net/tcp and tcp6.
func listeners(table string) []netip.AddrPort {
	const listen = "0A"
	var found []netip.AddrPort
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != listen {
			continue
		}
		if a, ok := socketAddress(fields[1]); ok && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}

// socketAddress reads "0100007F:1F90": words in the processor's own order, which is
// little-endian on all that labctl runs on.
func socketAddress(text string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(address)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(bytes)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(bytes); i += 4 {
		binary.BigEndian.PutUint32(bytes[i:], binary.LittleEndian.Uint32(bytes[i:]))
	}
	a, ok := netip.AddrFromSlice(bytes)
	return netip.AddrPortFrom(a.Unmap(), uint16(number)), ok
}

// Package archive holds tar, gzip, base64 and the checksum applets.
package archive

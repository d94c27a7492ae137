// Package text holds the applets that read lines and print lines: cat, head,
// tail, grep, sort, sed and friends.
package text

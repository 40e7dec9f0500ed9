#!/bin/bash
# Puts the USB floor into an initramfs that dracut builds (dracut.modules(7)), for a new kernel too.
# Nothing before `usbguard-py floor install`. What it brings is what systemd/initramfs/hook brings.

# shellcheck disable=SC2154 # dracutsysrootdir, initdir and moddir are dracut's

check() {
    [[ -e $dracutsysrootdir/etc/usbguard-py/floor/installed ]] || return 255
}

depends() {
    echo base udev-rules
}

installkernel() {
    # Of every kind, not only of the machine that builds the image: a keyboard has to work on any of its ports.
    hostonly='' instmods usbhid hid-generic xhci-pci ehci-pci ohci-pci uhci-hcd
}

install() {
    # What the floor's script calls.
    inst_multiple cat find flock ln mkdir modprobe od rm sha256sum sh tr
    inst_simple /usr/lib/usbguard-py/floor
    inst_simple /usr/lib/udev/rules.d/10-usbguard-py.rules
    inst_simple /etc/modprobe.d/usbguard-py.conf
    mkdir -p "$initdir/etc/usbguard-py/floor"
    if [[ -e $dracutsysrootdir/etc/usbguard-py/floor/input ]]; then
        local port _rest
        inst_simple /etc/usbguard-py/floor/input
        # By these udev tells without a shell for every device which of them the floor is to be asked about.
        mkdir -p "$initdir/etc/usbguard-py/floor/ports"
        while read -r port _rest; do
            [[ -z $port || $port == *[!0-9.-]* ]] || : >"$initdir/etc/usbguard-py/floor/ports/$port"
        done <"$dracutsysrootdir/etc/usbguard-py/floor/input"
    fi
    echo enforce >"$initdir/etc/usbguard-py/floor/mode"
    : >"$initdir/etc/usbguard-py/floor/initramfs"
    inst_hook pre-udev 00 "$moddir/usbguard-py.sh"
}

#!/bin/sh
# Runs inside the new root file system, natively, at the end of the image build.
set -eu
echo usbguard-lab > /etc/hostname
printf '127.0.0.1 localhost usbguard-lab\n::1 localhost\n' > /etc/hosts
: > /etc/machine-id
printf '/dev/vda / ext4 errors=remount-ro,noatime 0 1\n' > /etc/fstab

# Only the build leaves documents out: a package under test installs all of its files.
rm /etc/dpkg/dpkg.cfg.d/lab-build

for locale in en_US vi_VN; do
    localedef --inputfile "$locale" --charmap UTF-8 "$locale.UTF-8"
done
printf 'LANG=C.UTF-8\n' > /etc/default/locale

useradd --create-home --uid 1000 --shell /bin/bash --groups plugdev soanthao
useradd --create-home --uid 1001 --shell /bin/bash quanly

# All that only runs on a timer or waits for a person at a console.
for unit in getty@tty1.service serial-getty@ttyS0.service getty-static.service getty.target \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-tmpfiles-clean.timer e2scrub_reap.service systemd-pstore.service man-db.timer \
    grub-common.service grub-initrd-fallback.service systemd-boot-update.service \
    usbguard.service usbguard-dbus.service; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
systemctl enable lab-agent.service lab-witness.service >/dev/null 2>&1

kernel=$(ls /lib/modules)
depmod "$kernel"
update-initramfs -c -k "$kernel" >/dev/null
chmod 644 /boot/initrd.img-* /boot/vmlinuz-*
python3 -m compileall -q /usr/lib/python3 2>/dev/null || true

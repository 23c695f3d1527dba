# Begins a systemd of its own as process 1, in namespaces that are gone with it: the files of this machine
# with everything that is written in memory, no network but the loopback, no other process in sight.
# Called as: sh boot.sh FOLDER PACKAGE...
set -e
folder=$1
shift
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
root=$folder/root
mkdir "$folder/upper" "$folder/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for memory in run tmp dev; do
    mount -t tmpfs tmpfs "$root/$memory"
done
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts devpts "$root/dev/pts"
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
# Whoever made this machine may have forbidden dpkg to start services.
rm -f "$root/usr/sbin/policy-rc.d"
mkdir "$root/run/former" "$root/run/packages"
cp "$@" "$root/run/packages"
# Not only chroot: systemd looks at the list of mounts, which begins at the root of the namespace.
cd "$root"
pivot_root . run/former
umount -l run/former
exec env -i container=pagos-trial PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot . /lib/systemd/systemd --system --unit=basic.target --show-status=false

//! The disk must be as unkind as it says.

use super::*;

fn path(text: &str) -> &Path {
    Path::new(text)
}

fn written(disk: &SimDisk, name: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.create(path(name)).unwrap();
    file.write_at(bytes, 0).unwrap();
    file
}

fn read(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(path(name)).ok()?;
    let mut bytes = vec![0; file.length().unwrap() as usize];
    file.read_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

#[test]
fn what_is_synced_with_its_name_survives_every_power_loss() {
    let disk = SimDisk::new();
    disk.create_dir_all(path("a/b")).unwrap();
    written(&disk, "a/b/c", &[7; 2000]).sync().unwrap();
    for directory in ["a/b", "a", ""] {
        disk.sync_dir(path(directory)).unwrap();
    }
    for seed in 0..50 {
        assert_eq!(read(&disk.after_power_loss(seed), "a/b/c"), Some(vec![7; 2000]), "seed {seed}");
    }
}

#[test]
fn a_name_without_a_sync_survives_some_power_losses() {
    let disk = SimDisk::new();
    written(&disk, "a", b"1").sync().unwrap();
    let survivors = (0..50).filter(|seed| read(&disk.after_power_loss(*seed), "a").is_some()).count();
    assert!((10..40).contains(&survivors), "{survivors}");
    assert!(read(&disk.after_kill(), "a").is_some());
}

#[test]
fn a_removal_without_a_sync_is_undone_by_some_power_losses() {
    let disk = SimDisk::new();
    written(&disk, "a", b"1").sync().unwrap();
    disk.sync_dir(path("")).unwrap();
    disk.remove(path("a")).unwrap();
    let returned = (0..50).filter(|seed| read(&disk.after_power_loss(*seed), "a").is_some()).count();
    assert!((10..40).contains(&returned), "{returned}");
    disk.sync_dir(path("")).unwrap();
    assert!((0..50).all(|seed| read(&disk.after_power_loss(seed), "a").is_none()));
}

#[test]
fn bytes_without_a_sync_are_torn_at_sectors() {
    let disk = SimDisk::new();
    let file = written(&disk, "a", &[1; 4096]);
    file.sync().unwrap();
    disk.sync_dir(path("")).unwrap();
    file.write_at(&[2; 4096], 0).unwrap();
    let torn = |seed| {
        let bytes = read(&disk.after_power_loss(seed), "a").unwrap();
        assert!(bytes.chunks(512).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        bytes.contains(&1) && bytes.contains(&2)
    };
    assert!((0..50).any(torn));
    assert_eq!(read(&disk.after_power_loss(0), "a"), Some(vec![1; 4096]), "all is lost");
    assert_eq!(read(&disk.after_power_loss(1), "a"), Some(vec![2; 4096]), "nothing is lost");
}

#[test]
fn a_sync_after_one_that_failed_does_not_make_up_for_it() {
    let disk = SimDisk::new();
    let file = written(&disk, "a", b"1");
    disk.sync_dir(path("")).unwrap();
    disk.fail_at_call(0, Fault::Error);
    file.sync().unwrap_err();
    file.sync().unwrap();
    assert_eq!(read(&disk, "a"), Some(b"1".to_vec()));
    assert_eq!(read(&disk.after_power_loss(0), "a"), Some(Vec::new()));
}

#[test]
fn a_fault_meets_the_call_it_is_planned_for() {
    for fault in Fault::ALL {
        let disk = SimDisk::new();
        let file = written(&disk, "a", &[1; 100]);
        disk.fail_at_call(1, fault);
        file.sync().unwrap();
        assert!(disk.fault_pending());
        let error = file.write_at(&[2; 100], 0).unwrap_err();
        assert!(!disk.fault_pending());
        assert_eq!(disk.fault_fired(), Some(("write_at", fault)));
        assert_eq!(error.kind() == io::ErrorKind::StorageFull, fault == Fault::Full);
        assert_eq!(file.sync().is_ok(), fault != Fault::Stop);
    }
}

#[test]
fn a_full_disk_takes_no_more_and_gives_room_back() {
    let disk = SimDisk::new();
    disk.set_capacity(100);
    written(&disk, "a", &[1; 60]);
    let file = disk.create(path("b")).unwrap();
    assert_eq!(file.allocate(41).unwrap_err().kind(), io::ErrorKind::StorageFull);
    file.allocate(40).unwrap();
    assert_eq!(disk.free_bytes().unwrap(), 0);
    assert_eq!(file.write_at(&[1], 40).unwrap_err().kind(), io::ErrorKind::StorageFull);
    file.write_at(&[1], 39).unwrap();
    disk.remove(path("a")).unwrap();
    assert_eq!(disk.free_bytes().unwrap(), 60);
}

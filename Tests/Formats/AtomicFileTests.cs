using System;
using System.IO;
using ManagedDyn.Engine.Formats;
using Xunit;

namespace ManagedDyn.Tests.Formats;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void New_content_replaces_the_old()
    {
        string path = Path.Combine(_folder, "file");
        AtomicFile.Write(path, static stream => stream.Write("old content"u8));
        AtomicFile.Write(path, static stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Failure_leaves_the_old_content_and_no_trace()
    {
        string path = Path.Combine(_folder, "file");
        AtomicFile.Write(path, static stream => stream.Write("old content"u8));
        Assert.Throws<InvalidTimeZoneException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            Assert.Equal("old content", File.ReadAllText(path));
            throw new InvalidTimeZoneException();
        }));
        Assert.Equal("old content", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_a_killed_writer_left_is_overwritten()
    {
        string path = Path.Combine(_folder, "file");
        File.WriteAllText(path + AtomicFile.PartialSuffix, "a long rest of an earlier writer");
        AtomicFile.Write(path, static stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Missing_folder_is_an_error() =>
        Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Path.Combine(_folder, "absent", "file"), static _ => { }));
}

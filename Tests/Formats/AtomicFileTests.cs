using System;
using System.IO;
using System.Threading;
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
    public void What_a_killed_writer_left_is_removed_and_nothing_else()
    {
        string path = Path.Combine(_folder, "file");
        string[] others = ["file.partial", "file.0123abcx.partial", "file.0123ABCD.partial", "file2.0123abcd.partial", "2file.0123abcd.partial", "file.0123abcd.partial2"];
        foreach (string name in others)
        {
            File.WriteAllText(Path.Combine(_folder, name), "another's");
        }

        AtomicFile.Write(path, static stream => stream.Write("old"u8));
        string rest = path + ".0123abcd" + AtomicFile.PartialSuffix;
        File.WriteAllText(rest, "a long rest of an earlier writer");
        AtomicFile.Write(path, static stream => stream.Write("newer than new"u8));
        Assert.True(File.Exists(rest), "so new a file may have a writer");
        File.SetLastWriteTimeUtc(rest, DateTime.UtcNow.AddMinutes(-2));
        AtomicFile.Write(path, static stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.False(File.Exists(path + ".0123abcd" + AtomicFile.PartialSuffix));
        Assert.Equal(others.Length + 1, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void A_writer_in_the_midst_of_another_takes_nothing_from_it()
    {
        string path = Path.Combine(_folder, "file");
        AtomicFile.Write(path, static stream => stream.Write("old"u8));
        AtomicFile.Write(path, stream =>
        {
            stream.Write("outer, "u8);
            AtomicFile.Write(path, static inner => inner.Write("inner"u8));
            Assert.Equal("inner", File.ReadAllText(path));
            stream.Write("whole"u8);
        });
        Assert.Equal("outer, whole", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Of_many_writers_at_once_each_writes_whole()
    {
        string path = Path.Combine(_folder, "file");
        Exception?[] failures = new Exception?[4];
        Thread[] writers = new Thread[failures.Length];
        for (int i = 0; i < writers.Length; i++)
        {
            int own = i;
            writers[i] = new Thread(() =>
            {
                try
                {
                    byte[] content = new byte[50_000 + own];
                    content.AsSpan().Fill((byte)own);
                    for (int time = 0; time < 20; time++)
                    {
                        AtomicFile.Write(path, stream => stream.Write(content));
                        byte[] found = File.ReadAllBytes(path);
                        Assert.Equal(50_000 + found[0], found.Length);
                        Assert.Equal(-1, found.AsSpan().IndexOfAnyExcept(found[0]));
                    }
                }
                catch (Exception failure)
                {
                    failures[own] = failure;
                }
            });
            writers[i].Start();
        }

        foreach (Thread writer in writers)
        {
            writer.Join();
        }

        Assert.All(failures, static failure => Assert.Null(failure));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Missing_folder_is_an_error() =>
        Assert.ThrowsAny<IOException>(() => AtomicFile.Write(Path.Combine(_folder, "absent", "file"), static _ => { }));
}

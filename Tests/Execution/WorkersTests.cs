using System;
using System.Threading;
using System.Threading.Tasks;
using ManagedDyn.Engine.Execution;
using Xunit;

namespace ManagedDyn.Tests.Execution;

public class WorkersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Every_part_runs_exactly_once_run_after_run(int threads)
    {
        using Workers workers = new(threads);
        for (int run = 0; run < 2000; run++)
        {
            int parts = (run * 7) % 23;
            int[] counts = new int[parts];
            workers.Run(parts, new Counting(counts));
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Many_callers_may_share_one_set_of_threads()
    {
        using Workers workers = new(3);
        Parallel.For(0, 8, _ =>
        {
            for (int run = 0; run < 300; run++)
            {
                int[] counts = new int[11];
                workers.Run(11, new Counting(counts));
                Assert.All(counts, count => Assert.Equal(1, count));
            }
        });
    }

    [Fact]
    public void Work_inside_of_work_runs_inline()
    {
        using Workers workers = new(2);
        int[] counts = new int[6];
        workers.Run(3, new Nested(workers, counts));
        Assert.All(counts, count => Assert.Equal(3, count));
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_workers_go_on()
    {
        using Workers workers = new(2);
        Assert.Throws<InvalidTimeZoneException>(() => workers.Run(5, default(Failing)));
        int[] counts = new int[5];
        workers.Run(5, new Counting(counts));
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_warm_run_allocates_nothing()
    {
        using Workers workers = new(2);
        int[] counts = new int[4];
        for (int i = 0; i < 50; i++)
        {
            workers.Run(4, new Counting(counts));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            workers.Run(4, new Counting(counts));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void No_thread_at_all_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new Workers(0));

    private readonly struct Counting(int[] counts) : IParallelWork
    {
        public void Execute(int part) => Interlocked.Increment(ref counts[part]);
    }

    private readonly struct Nested(Workers workers, int[] counts) : IParallelWork
    {
        public void Execute(int part) => workers.Run(counts.Length, new Counting(counts));
    }

    private readonly struct Failing : IParallelWork
    {
        public void Execute(int part) => throw new InvalidTimeZoneException(part.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}

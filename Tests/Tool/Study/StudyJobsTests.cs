using ManagedDyn.Tool.Study;
using Xunit;

namespace ManagedDyn.Tests.Tool.Study;

/// <summary>How a machine's cores are shared out.</summary>
public class StudyJobsTests
{
    [Theory]
    [InlineData(null, null, 1, 1, 1)]
    [InlineData(null, null, 2, 2, 1)]
    [InlineData(null, null, 16, StudyJobs.MostUsual, 4)]
    [InlineData(null, 2, 2, 1, 2)]
    [InlineData(null, 1, 3, 3, 1)]
    [InlineData(null, 8, 2, 1, 8)]
    [InlineData(1, null, 2, 1, 2)]
    [InlineData(16, null, 16, 16, 1)]
    [InlineData(3, null, 2, 3, 1)]
    [InlineData(3, 5, 2, 3, 5)]
    public void Cores_are_filled_unless_something_else_is_asked_for(int? jobs, int? threads, int cores, int expectedJobs, int expectedThreads) =>
        Assert.Equal(new StudyJobs(expectedJobs, expectedThreads), StudyJobs.Of(jobs, threads, cores));
}

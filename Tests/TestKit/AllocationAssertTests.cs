using Xunit;
using Xunit.Sdk;

namespace ManagedDyn.Tests.TestKit;

/// <summary>The measure of allocation itself.</summary>
public class AllocationAssertTests
{
    private byte[] _kept = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void What_allocates_now_and_then_is_found_out(int period)
    {
        int calls = 0;
        void Allocate()
        {
            if (calls++ % period == 0)
            {
                _kept = new byte[16 + calls];
            }
        }

        Assert.ThrowsAny<XunitException>(() => AllocationAssert.None(Allocate));
        Assert.ThrowsAny<XunitException>(() => AllocationAssert.NoneOnNewThread(Allocate));
        Assert.NotEmpty(_kept);
    }

    [Fact]
    public void What_allocates_only_while_it_warms_up_passes()
    {
        int calls = 0;
        AllocationAssert.None(() => _kept = calls++ < 20 ? new byte[16] : _kept);
        Assert.InRange(calls, 21, 60);
    }
}

using System.Text.Json;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class SelftestTests
{
    [Fact]
    public void EveryCheckPasses()
    {
        ToolRun run = ToolRun.Start("selftest", "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        Assert.True(result.RootElement.GetProperty("passed").GetBoolean());
        Assert.True(result.RootElement.GetProperty("checks").GetArrayLength() >= 10);
        foreach (JsonElement check in result.RootElement.GetProperty("checks").EnumerateArray())
        {
            Assert.True(check.GetProperty("passed").GetBoolean(), check.ToString());
        }
    }
}

using ManagedDyn.Engine.Execution;
using ManagedDyn.Tool.Explanations;
using Xunit;

namespace ManagedDyn.Tests.Tool.Explanations;

public sealed class DecisionLineTests
{
    [Theory]
    [InlineData(DecisionKind.Samples, 1, new[] { 0 }, "ran")]
    [InlineData(DecisionKind.Samples, 1, new int[0], "skipped")]
    [InlineData(DecisionKind.Experts, 8, new[] { 0, 4 }, "experts 1, 5 of 8")]
    [InlineData(DecisionKind.Experts, 8, new int[0], "0 of 8 experts")]
    [InlineData(DecisionKind.Branches, 2, new[] { 1 }, "branch 2 of 2")]
    [InlineData(DecisionKind.Channels, 64, new[] { 0, 8, 9 }, "3 of 64 channels")]
    [InlineData(DecisionKind.Channels, 6, new[] { 5 }, "1 of 6 channels")]
    public void SaysWhatWasChosen(DecisionKind kind, int units, int[] chosen, string text) =>
        Assert.Equal(text, new DecisionLine("layer", kind, units, chosen, 0.5f, 0, 0).Text);
}

using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>When graphs give back the memory that they worked in.</summary>
[Trait("Tier", "Unit")]
public sealed class ResolvedTargetTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(long.MaxValue, false)]
    public void GivesBack_ProcessHoldsMoreThanIsKept_IsTrue(long kept, bool givesBack) =>
        Assert.Equal(givesBack, (ExecutionTarget.Cpu.Resolve() with { KeptBytes = kept }).GivesBack);

    [Theory]
    [InlineData(ExecutionProvider.Cuda)]
    [InlineData(ExecutionProvider.WebGpu)]
    public void KeptBytes_OnADevice_IsNothing(ExecutionProvider provider) => Assert.True(new ResolvedTarget(provider, ExecutionTarget.Unspecified, []).GivesBack);

    [Fact]
    public void KeptBytes_OnTheProcessor_IsAnEighthOfWhatTheProcessMayHave() =>
        Assert.Equal(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, ExecutionTarget.Cpu.Resolve().KeptBytes);
}

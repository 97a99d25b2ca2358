namespace Seedance.Onnx.Ort;

[Trait("Tier", "Unit")]
public sealed class ExecutionTargetTests
{
    [Fact]
    public void Cpu_IfNotSpecified_UsesTheProcessorsOfThisProcess()
    {
        ExecutionTarget target = ExecutionTarget.Cpu;

        Assert.Equal([ExecutionProvider.Cpu], target.Providers);
        Assert.Equal(Environment.ProcessorCount, target.Threads);
    }

    [Fact]
    public void TryParse_Auto_PrefersTheFastestAndEndsOnTheCpu()
    {
        bool known = ExecutionTarget.TryParse("auto", out ExecutionTarget target);

        Assert.True(known);
        Assert.Equal([ExecutionProvider.TensorRt, ExecutionProvider.Cuda, ExecutionProvider.WebGpu, ExecutionProvider.Cpu], target.Providers);
    }

    [Theory, InlineData("cpu", ExecutionProvider.Cpu), InlineData("webgpu", ExecutionProvider.WebGpu), InlineData("CUDA", ExecutionProvider.Cuda),
     InlineData("tensorrt", ExecutionProvider.TensorRt)]
    public void TryParse_ProviderByName_IsThatOneAndNoOther(string name, ExecutionProvider provider)
    {
        bool known = ExecutionTarget.TryParse(name, out ExecutionTarget target);

        Assert.True(known);
        Assert.Equal([provider], target.Providers);
    }

    [Theory, InlineData(null), InlineData("gpu"), InlineData("auto,cpu")]
    public void TryParse_AnythingElse_IsNoTarget(string? name) => Assert.False(ExecutionTarget.TryParse(name, out _));

    [Fact]
    public void Init_NoThreadsOrProviders_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionTarget.Cpu with { Threads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionTarget.Cpu with { Providers = [] });
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionTarget.Cpu with { DeviceId = -1 });
    }
}

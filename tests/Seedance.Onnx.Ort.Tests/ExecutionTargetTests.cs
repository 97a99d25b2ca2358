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
    public void Init_NoThreadsOrProviders_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionTarget.Cpu with { Threads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionTarget.Cpu with { Providers = [] });
    }
}

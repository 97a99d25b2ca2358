using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class RuntimeInfoTests
{
    [Fact]
    public void Read_InstalledRuntime_HasAVersionAndTheCpu()
    {
        RuntimeInfo runtime = RuntimeInfo.Read();

        Assert.Matches(@"^\d+\.\d+\.\d+", runtime.Version);
        Assert.Equal(ExecutionProvider.Cpu, runtime.Providers[0]);
        Assert.DoesNotContain(runtime.Gpus, string.IsNullOrWhiteSpace);
    }

    [Fact]
    public void FromRuntime_ListOfABuild_KeepsThoseWeKnowInOurOrder() => Assert.Equal(
        [ExecutionProvider.Cpu, ExecutionProvider.TensorRt],
        RuntimeInfo.FromRuntime(["TensorrtExecutionProvider", "DnnlExecutionProvider", "CPUExecutionProvider"]));
}

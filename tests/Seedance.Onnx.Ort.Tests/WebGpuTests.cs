using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Ort;

/// <summary>Memory that is not the processor's: what works on the CPU by chance fails here.</summary>
[Trait("Tier", "Device")]
public sealed class WebGpuTests : IDisposable
{
    private readonly int _handles = LiveHandles.Count;

    [SkippableFact]
    public void CopyFrom_ThenCopyTo_GivesTheElementsBack()
    {
        using GraphSession session = GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, VulkanDevice.Require());
        using HostTensor source = HostTensor.From<float>([1, 2, 3, 4, 5, 6], 2, 3), destination = HostTensor.Allocate(ElementType.Float32, 2, 3);
        using DeviceTensor device = session.Allocate(ElementType.Float32, 2, 3);

        device.CopyFrom(source);
        device.CopyTo(destination);

        Assert.Equal(source.AsSpan<float>(), destination.AsSpan<float>());
    }

    [SkippableFact]
    public void Run_HostInputChangedBetweenRuns_IsReadAnew()
    {
        using GraphSession session = GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, VulkanDevice.Require());
        using HostTensor left = HostTensor.From<float>([1, 2, 3], 1, 3), right = HostTensor.From<float>([10, 20, 30], 1, 3);
        using HostTensor total = HostTensor.Allocate(ElementType.Float32, 1, 3);
        using GraphBinding binding = session.CreateBinding();
        binding.BindInput("left", left);
        binding.BindInput("right", right);
        binding.BindOutput("total", total);

        binding.Run();
        float[] first = total.AsSpan<float>().ToArray();
        left.AsSpan<float>()[2] = 70;
        binding.Run();

        Assert.Equal([11, 22, 33], first);
        Assert.Equal([11, 22, 100], total.AsSpan<float>().ToArray());
    }

    [SkippableFact]
    public void Run_OutputOfOneStepIsInputOfTheNext_StaysOnTheDevice()
    {
        using GraphSession session = GraphSession.Open(TinyGraphs.Folder, TinyGraphs.Add, VulkanDevice.Require());
        using HostTensor start = HostTensor.From<float>([1, 2, 3], 1, 3), end = HostTensor.Allocate(ElementType.Float32, 1, 3);
        using DeviceTensor even = session.Allocate(ElementType.Float32, 1, 3), odd = session.Allocate(ElementType.Float32, 1, 3), one = session.Allocate(ElementType.Float32, 1, 3);
        even.CopyFrom(start);
        one.CopyFrom(start);
        using GraphBinding there = Bind(session, even, one, odd), back = Bind(session, odd, one, even);

        for (int step = 0; step < 4; step++)
        {
            (step % 2 == 0 ? there : back).Run();
        }

        even.CopyTo(end);
        Assert.Equal([5, 10, 15], end.AsSpan<float>().ToArray());
    }

    [SkippableFact]
    public void Resolve_DeviceThatIsNotThere_IsRefused()
    {
        _ = VulkanDevice.Require();

        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(
            () => new ExecutionTarget { Providers = [ExecutionProvider.WebGpu], DeviceId = 7 }.Resolve());

        Assert.Contains("must be 0 on webgpu", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Assert.Equal(_handles, LiveHandles.Count);

    private static GraphBinding Bind(GraphSession session, DeviceTensor left, DeviceTensor right, DeviceTensor total)
    {
        GraphBinding binding = session.CreateBinding();
        binding.BindInput("left", left);
        binding.BindInput("right", right);
        binding.BindOutput("total", total);
        return binding;
    }
}

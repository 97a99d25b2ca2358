using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class DeviceTensorTests : IDisposable
{
    private readonly int _handles = LiveHandles.Count;

    [Fact]
    public void CopyFrom_ThenCopyTo_GivesTheElementsBack()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using DeviceTensor device = session.Allocate(ElementType.Float16, 2, 2);
        using HostTensor source = HostTensor.From<Half>([(Half)1, (Half)2, (Half)3, (Half)4], 2, 2);
        using HostTensor destination = HostTensor.Allocate(ElementType.Float16, 2, 2);

        device.CopyFrom(source);
        device.CopyTo(destination);

        Assert.Equal(8, device.ByteSize);
        Assert.Equal(source.AsSpan<Half>(), destination.AsSpan<Half>());
    }

    [Fact]
    public void Copy_OtherTypeOrShape_IsRefused()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        using DeviceTensor device = session.Allocate(ElementType.Float32, 2, 3);
        using HostTensor turned = HostTensor.Allocate(ElementType.Float32, 3, 2), whole = HostTensor.Allocate(ElementType.Int32, 2, 3);

        ArgumentException shape = Assert.Throws<ArgumentException>(() => device.CopyFrom(turned));
        ArgumentException type = Assert.Throws<ArgumentException>(() => device.CopyTo(whole));

        Assert.Contains("must be float32 [2, 3], but is float32 [3, 2]", shape.Message, StringComparison.Ordinal);
        Assert.Contains("must be float32 [2, 3], but is int32 [2, 3]", type.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Type_HasNoWayToItsElements() =>
        Assert.DoesNotContain(typeof(DeviceTensor).GetMembers(), member => member.ToString()!.Contains("Span", StringComparison.Ordinal));

    [Fact]
    public void Allocate_MoreThanThereIs_NamesTheGraph()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => session.Allocate(ElementType.Float32, 1L << 45));

        Assert.Contains("float32 [35184372088832] must fit into memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Allocate_AfterAFailedAllocation_WorksAgain()
    {
        using GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        Assert.Throws<GraphExecutionException>(() => session.Allocate(ElementType.Float32, 1L << 45));
        using HostTensor value = HostTensor.From<float>([1, 2, 3], 1, 3);

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["left"] = value, ["right"] = value });

        Assert.Equal([2, 4, 6], outputs["total"].AsSpan<float>().ToArray());
    }

    [Fact]
    public void Dispose_AfterItsSession_FreesBoth()
    {
        GraphSession session = TinyGraphs.Open(TinyGraphs.Add);
        DeviceTensor device = session.Allocate(ElementType.Float32, 1, 3);
        using HostTensor host = HostTensor.From<float>([1, 2, 3], 1, 3);

        session.Dispose();
        device.CopyFrom(host);
        int beforeTheLast = LiveHandles.Count;
        device.Dispose();

        Assert.Equal(beforeTheLast - 2, LiveHandles.Count);
        Assert.Throws<ObjectDisposedException>(() => device.CopyTo(host));
    }

    public void Dispose() => Assert.Equal(_handles, LiveHandles.Count);
}

using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Graph")]
public sealed class HostTensorTests : IDisposable
{
    private readonly int _handles = LiveHandles.Count;

    [Fact]
    public void Allocate_MoreThanThereIs_SaysHowMuch()
    {
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => HostTensor.Allocate(ElementType.Float32, 1L << 45));

        Assert.Contains("float32 [35184372088832] must fit into memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_EachType_KeepsItsElements()
    {
        AssertKept<float>(ElementType.Float32, 4, [1.5f, -2]);
        AssertKept<Half>(ElementType.Float16, 2, [(Half)1.5, (Half)(-2)]);
        AssertKept<ushort>(ElementType.BFloat16, 2, [0x3fc0, 0xc000]);
        AssertKept<double>(ElementType.Float64, 8, [1.5, -2]);
        AssertKept<long>(ElementType.Int64, 8, [1, long.MinValue]);
        AssertKept<int>(ElementType.Int32, 4, [1, int.MinValue]);
        AssertKept<sbyte>(ElementType.Int8, 1, [1, sbyte.MinValue]);
        AssertKept<byte>(ElementType.UInt8, 1, [1, byte.MaxValue]);
        AssertKept<bool>(ElementType.Bool, 1, [true, false]);
    }

    [Fact]
    public void From_AnotherNumberOfElements_IsRefused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => HostTensor.From<float>([1, 2, 3], 2, 2));

        Assert.Contains("[2, 2] must be 4, but are 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_TypeThatNoGraphKnows_IsRefused() => Assert.Throws<ArgumentException>(() => HostTensor.From<char>(['a'], 1));

    [Fact]
    public void Allocate_EmptyOrScalarShape_HasNoneOrOneElement()
    {
        using HostTensor empty = HostTensor.Allocate(ElementType.Float32, 3, 0), scalar = HostTensor.From<float>([5]);

        Assert.Equal(0, empty.AsSpan<float>().Length);
        Assert.Equal([5], scalar.AsSpan<float>());
        Assert.Equal("float32 []", scalar.ToString());
    }

    [Fact]
    public void Allocate_NegativeAxisOrText_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => HostTensor.Allocate(ElementType.Float32, 2, -1));
        Assert.Throws<ArgumentException>(() => HostTensor.Allocate(ElementType.Text, 2));
    }

    [Fact]
    public void AsSpan_OfAnotherType_IsRefused()
    {
        using HostTensor tensor = HostTensor.Allocate(ElementType.Int64, 2);

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<int>().Length);

        Assert.Contains("(int64 [2]) must be read as Int64, but are asked for as Int32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AsSpan_AfterDispose_Throws()
    {
        HostTensor tensor = HostTensor.Allocate(ElementType.Float32, 2);

        tensor.Dispose();
        tensor.Dispose();

        Assert.Throws<ObjectDisposedException>(() => tensor.AsSpan<float>().Length);
    }

    public void Dispose() => Assert.Equal(_handles, LiveHandles.Count);

    private static void AssertKept<T>(ElementType type, int size, T[] elements)
        where T : unmanaged
    {
        using HostTensor tensor = HostTensor.From<T>(elements, elements.Length);

        Assert.Equal(type, tensor.ElementType);
        Assert.Equal(size * elements.Length, tensor.ByteSize);
        Assert.Equal(elements, tensor.AsSpan<T>().ToArray());
    }
}

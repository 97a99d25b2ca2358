using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>A tensor of numbers in the host's memory: the only kind whose elements C# can read and write.</summary>
public sealed class HostTensor : GraphTensor
{
    internal HostTensor(Shared<OrtValue> value, ElementType elementType, long[] shape)
        : base(value, elementType, shape)
    {
        ByteSize = ElementCount * elementType.SizeInBytes();
    }

    /// <summary>The size of its elements in bytes.</summary>
    public long ByteSize { get; }

    /// <summary>Makes a tensor whose elements are not set yet.</summary>
    /// <param name="elementType">The type of its elements; not <see cref="ElementType.Text"/>.</param>
    /// <param name="shape">The length of each axis, outermost first; none for a scalar.</param>
    /// <returns>The tensor; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The type is text, or an axis is negative.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load.</exception>
    public static HostTensor Allocate(ElementType elementType, params ReadOnlySpan<long> shape)
    {
        RuntimeEnvironment.Start();
        long[] axes = [.. shape];
        try
        {
            return new HostTensor(new Shared<OrtValue>(NewValue(OrtAllocator.DefaultInstance, elementType, axes)), elementType, axes);
        }
        catch (OnnxRuntimeException error)
        {
#pragma warning disable MA0012 // This is what it is for: ONNX Runtime allocates, so the runtime cannot throw it.
            throw new InsufficientMemoryException(
                $"A tensor {TensorShape.Describe(elementType, axes)} must fit into memory, but does not. Ask for a smaller or shorter video.", error);
#pragma warning restore MA0012
        }
    }

    /// <summary>Makes a tensor with a copy of given elements.</summary>
    /// <typeparam name="T">The type of an element: float, Half, ushort (the bits of a bfloat16), double, long, int, sbyte, byte or bool.</typeparam>
    /// <param name="elements">The elements, the innermost axis running fastest.</param>
    /// <param name="shape">The length of each axis, outermost first; none for a scalar.</param>
    /// <returns>The tensor; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The shape has another number of elements, or no tensor holds the type.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load.</exception>
    public static HostTensor From<T>(ReadOnlySpan<T> elements, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        if (TensorShape.Count(shape) != elements.Length)
        {
            throw new ArgumentException(
                $"The elements of a tensor [{string.Join(", ", shape.ToArray())}] must be {TensorShape.Count(shape)}, but are {elements.Length}.",
                nameof(elements));
        }

        ElementType type = RuntimeTypes.FromClr(typeof(T))
            ?? throw new ArgumentException($"The elements of a tensor must be numbers of a type that graphs know, but are {typeof(T).Name}.", nameof(elements));
        HostTensor tensor = Allocate(type, shape);
        elements.CopyTo(tensor.AsSpan<T>());
        return tensor;
    }

    /// <summary>Its elements, in place, the innermost axis running fastest.</summary>
    /// <typeparam name="T">The type of an element: float, Half, ushort (the bits of a bfloat16), double, long, int, sbyte, byte or bool.</typeparam>
    /// <returns>The elements; not to be used after the tensor was disposed.</returns>
    /// <exception cref="InvalidOperationException">The tensor holds another type, or more than 2 GiB.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public Span<T> AsSpan<T>()
        where T : unmanaged
    {
        if (ElementType.ClrType() != typeof(T))
        {
            throw new InvalidOperationException(
                $"The elements of this tensor ({this}) must be read as {ElementType.ClrType().Name}, but are asked for as {typeof(T).Name}.");
        }

        return MemoryMarshal.Cast<byte, T>(AsBytes());
    }

    internal static OrtValue NewValue(OrtAllocator allocator, ElementType elementType, long[] shape)
    {
        if (elementType == ElementType.Text)
        {
            throw new ArgumentException("The elements of this kind of tensor must be numbers, but are text. Use StringTensor.", nameof(elementType));
        }

        _ = TensorShape.Count(shape);
        return OrtValue.CreateAllocatedTensorValue(allocator, elementType.ToRuntime(), shape);
    }

    /// <summary>The bytes of its elements, in place: little-endian, the innermost axis running fastest.</summary>
    /// <returns>The bytes; not to be used after the tensor was disposed.</returns>
    /// <exception cref="InvalidOperationException">The tensor holds more than 2 GiB.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public Span<byte> AsBytes() => ByteSize <= int.MaxValue
        ? Value.Value.GetTensorMutableRawData()
        : throw new InvalidOperationException(
            $"A tensor must be at most {int.MaxValue} bytes to be read as one span, but this one ({this}) is {ByteSize}. Split it.");
}

using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>A tensor that a graph reads or writes: <see cref="HostTensor"/>, <see cref="DeviceTensor"/> or <see cref="StringTensor"/>.</summary>
/// <remarks>
/// Whoever made it disposes it. A binding that still uses it keeps its memory alive until the binding is disposed too.
/// Not for several threads at once.
/// </remarks>
public abstract class GraphTensor : IDisposable
{
    private readonly Shared<OrtValue> _value;
    private readonly long[] _shape;
    private bool _disposed;

    /// <summary>Takes over <paramref name="value"/>.</summary>
    private protected GraphTensor(Shared<OrtValue> value, ElementType elementType, long[] shape)
    {
        _value = value;
        _shape = shape;
        ElementType = elementType;
        ElementCount = TensorShape.Count(shape);
    }

    /// <summary>The type of its elements.</summary>
    public ElementType ElementType { get; }

    /// <summary>The length of each axis, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The number of its elements: 1 for a scalar.</summary>
    public long ElementCount { get; }

    /// <summary>The native tensor. Whoever keeps it adds itself as an owner.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed.</exception>
    internal Shared<OrtValue> Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _value;
        }
    }

    /// <summary>Gives the memory back: now, or when the last binding that uses it is disposed.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _value.Release();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Type and shape as contracts write them: "float32 [2, 24, 5, 8, 12]".</summary>
    /// <returns>The text.</returns>
    public sealed override string ToString() => TensorShape.Describe(ElementType, _shape);
}

using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>
/// A tensor of numbers in the memory of the device that a session runs on, made by <see cref="GraphSession.Allocate"/>. C# cannot see its
/// elements: they are copied to and from a <see cref="HostTensor"/>. That holds on the CPU too, so that what works there works on a card.
/// </summary>
public sealed class DeviceTensor : GraphTensor
{
    private readonly bool _onHost;

    /// <param name="value">The native tensor; owned from now on.</param>
    /// <param name="elementType">The type of its elements.</param>
    /// <param name="shape">The length of each axis.</param>
    /// <param name="onHost">Whether its memory is the processor's.</param>
    internal DeviceTensor(Shared<OrtValue> value, ElementType elementType, long[] shape, bool onHost)
        : base(value, elementType, shape)
    {
        _onHost = onHost;
        ByteSize = ElementCount * elementType.SizeInBytes();
    }

    /// <summary>The size of its elements in bytes.</summary>
    public long ByteSize { get; }

    /// <summary>Overwrites its elements with those of a tensor of the same type and shape.</summary>
    /// <param name="source">Where they come from.</param>
    /// <exception cref="ArgumentException">Type or shape differ.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void CopyFrom(HostTensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        RequireSame(source, nameof(source));
        Copy(source.Value.Value, Value.Value);
    }

    /// <summary>Overwrites the elements of a tensor of the same type and shape with its own.</summary>
    /// <param name="destination">Where they go.</param>
    /// <exception cref="ArgumentException">Type or shape differ.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void CopyTo(HostTensor destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        RequireSame(destination, nameof(destination));
        Copy(Value.Value, destination.Value.Value);
    }

    private void Copy(OrtValue source, OrtValue destination)
    {
        if (_onHost)
        {
            // ONNX Runtime has no copy of its own from the CPU to the CPU.
            source.GetTensorMutableRawData().CopyTo(destination.GetTensorMutableRawData());
        }
        else
        {
            OrtEnv.Instance().CopyTensors([source], [destination], stream: null);
        }
    }

    private void RequireSame(HostTensor other, string parameter)
    {
        if (other.ElementType != ElementType || !other.Shape.SequenceEqual(Shape))
        {
            throw new ArgumentException($"The tensor must be {this}, but is {other}.", parameter);
        }
    }
}

using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>A tensor of strings, [N], in the host's memory: what a tokenizer reads.</summary>
public sealed class StringTensor : GraphTensor
{
    internal StringTensor(Shared<OrtValue> value, long[] shape)
        : base(value, ElementType.Text, shape)
    {
    }

    /// <summary>Makes a tensor with given texts.</summary>
    /// <param name="texts">The texts; each must be valid UTF-16.</param>
    /// <returns>The tensor [N], one element a text; the caller disposes it.</returns>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load.</exception>
    public static StringTensor From(params ReadOnlySpan<string> texts)
    {
        RuntimeEnvironment.Start();
        long[] shape = [texts.Length];
        OrtValue value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        for (int index = 0; index < texts.Length; index++)
        {
            value.StringTensorSetElementAt(texts[index].AsSpan(), index);
        }

        return new StringTensor(new Shared<OrtValue>(value), shape);
    }

    /// <summary>Copies the texts out.</summary>
    /// <returns>One string an element, the innermost axis running fastest.</returns>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public string[] ToArray() => Value.Value.GetStringTensorAsArray();
}

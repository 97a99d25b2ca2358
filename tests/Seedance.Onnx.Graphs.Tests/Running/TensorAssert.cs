using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Comparisons of tensors.</summary>
internal static class TensorAssert
{
    /// <summary>The same type and shape, and elements within a tolerance (exactly the same for all but floating-point types).</summary>
    public static void Close(OnnxTensor expected, OnnxTensor actual, Tolerance tolerance)
    {
        Assert.Equal(expected.ElementType, actual.ElementType);
        Assert.Equal<long>(expected.Dimensions, actual.Dimensions);
        switch (expected.ElementType)
        {
            case OnnxElementType.Float32:
                NumericAssert.Close<float>(expected.ToArray<float>(), actual.ToArray<float>(), tolerance);
                break;
            case OnnxElementType.Float16:
                NumericAssert.Close<Half>(expected.ToArray<Half>(), actual.ToArray<Half>(), tolerance);
                break;
            case OnnxElementType.Text:
                Assert.Equal(expected.ToText(), actual.ToText());
                break;
            default:
                Assert.Equal(expected.ToBytes(), actual.ToBytes());
                break;
        }
    }
}

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Names for lengths that are not known, so that the same unknown length is recognised.</summary>
internal sealed class FreshNames
{
    private int _count;

    /// <summary>A length of which nothing is known yet.</summary>
    public OnnxDimension Next() => $"?{++_count}";

    /// <summary>The same axis, with a name if it has neither a length nor a name.</summary>
    public OnnxDimension NameOf(OnnxDimension axis) => axis.Length is < 0 || (axis.Length is null && string.IsNullOrEmpty(axis.Name)) ? Next() : axis;
}

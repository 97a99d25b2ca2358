using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Inspection;

/// <summary>An input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements ("float32"), or what it is when it is no tensor ("a sequence").</param>
/// <param name="Shape">Its axes, outermost first: a number, a name, or "?"; null when even their number is not known.</param>
public sealed record ValueSummary(string Name, string Type, ImmutableArray<string>? Shape)
{
    internal static ValueSummary Of(OnnxValue value) => new(value.Name, value.ElementType == OnnxElementType.Undefined ? value.DescribeType() : value.ElementType.ToName(),
        value.Shape is { } shape ? [.. shape.Select(axis => axis.ToString())] : null);
}

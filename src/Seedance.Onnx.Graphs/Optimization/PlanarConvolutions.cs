namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>
/// Convolutions over time and space, [B, C, F, H, W], as what ONNX Runtime's fast kernels on the processor do: without a reach over time frames stand in the
/// batch, without a reach over space pixels of a frame lie in one row, and with neither it is a matrix product. All of them take
/// and give channels last, so that what stands between them (normalisations, activations, sums) stays there, and the moves between two of them cancel. A kernel that reaches over both stays as it
/// is: its frames side by side on the channels are as many copies of the volume.
/// </summary>
internal sealed class PlanarConvolutions : IGraphPass
{
    /// <summary>[B, F, H, W, C] -> [B, C, F, H, W].</summary>
    internal static readonly long[] ToVolume = [0, 4, 1, 2, 3];

    private static readonly long[] ToChannelsLast = [0, 2, 3, 4, 1], PlaneToChannelsFirst = [0, 3, 1, 2], PlaneToChannelsLast = [0, 2, 3, 1];

    public string Name => "planar convolutions";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.PlanarConvolutions && graph.Opset >= 15 ? graph.EachNode() : [])
        {
            if (GraphView.Is(node, "Conv") && Convolution.Of(graph, node) is { } convolution)
            {
                Rewrite(graph, node, convolution);
                changes++;
            }
        }

        return changes;
    }

    private static void Rewrite(GraphView graph, OnnxNode node, Convolution convolution)
    {
        Rewriting rewriting = graph.Rewrite(node);
        string last = Transpose(rewriting, node.Inputs[0], ToChannelsLast);
        string made = (convolution.ReachesTime, convolution.ReachesSpace) switch
        {
            (false, false) => Product(rewriting, node, convolution, last),
            (true, false) => Rows(rewriting, node, convolution, last),
            _ => Planes(rewriting, node, convolution, last),
        };
        rewriting.End("Transpose", "", [made], OnnxAttribute.Create("perm", ToVolume));
    }

    /// <summary>[B, F, H, W, C] · [C, C'] + bias.</summary>
    private static string Product(Rewriting rewriting, OnnxNode node, Convolution convolution, string last)
    {
        string weight = rewriting.Add("Reshape", [node.Inputs[1], rewriting.Integers(convolution.Outputs, convolution.Inputs)]);
        string product = rewriting.Add("MatMul", [last, Transpose(rewriting, weight, [1, 0])]);
        return node.Input(2).Length == 0 ? product : rewriting.Add("Add", [product, node.Inputs[2]]);
    }

    /// <summary>[B, F, H, W, C] -> [B, C, F, H·W], a plane of time and pixels.</summary>
    private static string Rows(Rewriting rewriting, OnnxNode node, Convolution convolution, string last)
    {
        string rows = rewriting.Add("Reshape", [last, rewriting.Integers(0, 0, -1, convolution.Inputs)]);
        string weight = rewriting.Add("Reshape", [node.Inputs[1], rewriting.Integers(convolution.Outputs, convolution.Inputs / convolution.Groups, convolution.Kernel[0], 1)]);
        string made = Plane(rewriting, node, rows, weight, convolution, [0, -1]);
        string shape = rewriting.Add("Concat", [rewriting.Integers(0, 0), Shape(rewriting, last, 2, 4), rewriting.Integers(convolution.Outputs)], OnnxAttribute.Create("axis", 0));
        return rewriting.Add("Reshape", [made, shape]);
    }

    /// <summary>[B, F, H, W, C] -> [B·F, C, H, W].</summary>
    private static string Planes(Rewriting rewriting, OnnxNode node, Convolution convolution, string last)
    {
        string planes = rewriting.Add("Reshape", [last, rewriting.Add("Concat", [rewriting.Integers(-1), Shape(rewriting, last, 2, 5)], OnnxAttribute.Create("axis", 0))]);
        string weight = rewriting.Add("Reshape", [node.Inputs[1], rewriting.Integers(convolution.Outputs, -1, convolution.Kernel[1], convolution.Kernel[2])]);
        string made = Plane(rewriting, node, planes, weight, convolution, [1, 2]);
        string shape = rewriting.Add("Concat", [Shape(rewriting, last, 0, 2), Shape(rewriting, made, 1, 4)], OnnxAttribute.Create("axis", 0));
        return rewriting.Add("Reshape", [made, shape]);
    }

    /// <summary>A convolution over two axes of the volume (−1: one of length 1), channels last on both sides.</summary>
    private static string Plane(Rewriting rewriting, OnnxNode node, string last, string weight, Convolution convolution, int[] axes)
    {
        string first = Transpose(rewriting, last, PlaneToChannelsFirst);
        long Pick(long[] values, int axis, long none) => axis < 0 ? none : values[axis];
        string[] inputs = node.Input(2).Length == 0 ? [first, weight] : [first, weight, node.Inputs[2]];
        string made = rewriting.Add("Conv", inputs,
            OnnxAttribute.Create("kernel_shape", axes.Select(axis => Pick(convolution.Kernel, axis, 1))),
            OnnxAttribute.Create("strides", axes.Select(axis => Pick(convolution.Strides, axis, 1))),
            OnnxAttribute.Create("dilations", axes.Select(axis => Pick(convolution.Dilations, axis, 1))),
            OnnxAttribute.Create("pads", axes.Select(axis => Pick(convolution.Pads, axis, 0)).Concat(axes.Select(axis => axis < 0 ? 0 : convolution.Pads[axis + 3]))),
            OnnxAttribute.Create("group", convolution.Groups));
        return Transpose(rewriting, made, PlaneToChannelsLast);
    }

    private static string Transpose(Rewriting rewriting, string value, long[] perm) => rewriting.Add("Transpose", [value], OnnxAttribute.Create("perm", perm));

    private static string Shape(Rewriting rewriting, string value, long from, long to) => rewriting.Add("Shape", [value], OnnxAttribute.Create("start", from), OnnxAttribute.Create("end", to));

    /// <summary>What of a convolution matters here: channels, and time, height, width of the rest; pads before each axis, then behind each.</summary>
    private sealed record Convolution(long Outputs, long Inputs, long[] Kernel, long[] Strides, long[] Dilations, long[] Pads, long Groups)
    {
        public bool ReachesTime => Kernel[0] > 1;

        public bool ReachesSpace => Kernel[1] > 1 || Kernel[2] > 1;

        /// <summary>A convolution that can be done in planes; null for others.</summary>
        public static Convolution? Of(GraphView graph, OnnxNode node)
        {
            long groups = node.Int("group", 1);
            if (graph.Shape(node.Inputs[1]) is not { Length: 5 } weight || weight.Any(axis => axis.Length is null) || graph.Shapes.Find(node.Inputs[1])?.ElementType != OnnxElementType.Float32
                || node.Text("auto_pad", "NOTSET") != "NOTSET")
            {
                return null;
            }

            long[] lengths = [.. weight.Select(axis => axis.Length!.Value)];
            Convolution convolution = new(lengths[0], lengths[1] * groups, lengths[2..], Lengths(node, "strides", 1, 3), Lengths(node, "dilations", 1, 3), Lengths(node, "pads", 0, 6), groups);
            bool plainTime = convolution is { Strides: [1, _, _], Pads: [0, _, _, 0, _, _] };
            bool plainSpace = convolution is { Strides: [_, 1, 1], Pads: [_, 0, 0, _, 0, 0] };
            bool fits = (convolution.ReachesTime, convolution.ReachesSpace) switch
            {
                (false, false) => plainTime && plainSpace && groups == 1,
                (true, false) => plainSpace,
                (false, true) => plainTime,
                _ => false,
            };
            return fits ? convolution : null;
        }

        private static long[] Lengths(OnnxNode node, string name, long otherwise, int count) => node.Ints(name) is { } given ? [.. given] : [.. Enumerable.Repeat(otherwise, count)];
    }
}

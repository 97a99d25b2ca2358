using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Chains of operators that look at nothing but a row, between two products, as one: normalisation, its scale and shift, residual additions, gates, biases, activations. Runs last, because nothing else knows
/// what it makes.
/// </summary>
internal sealed class RowFusion : IGraphPass
{
    /// <summary>Of shorter rows, going from row to row is most of the work.</summary>
    private const long ShortestRow = 32;

    public string Name => "row programs";

    public int Run(GraphView graph) => graph.Profile.RowPrograms ? new Search(graph).Run() : 0;

    /// <summary>Nodes that become one, all of whose values have the shape of the group, but for those that only help it.</summary>
    private sealed class Group(OnnxNode first, OnnxDimension[] shape)
    {
        public HashSet<OnnxNode> Nodes { get; } = [first];

        public OnnxDimension[] Shape { get; } = shape;
    }

    private sealed class Search(GraphView graph)
    {
        private readonly List<OnnxNode> _nodes = [.. graph.Nodes];
        private readonly Dictionary<OnnxNode, int> _places = [];
        private readonly Dictionary<OnnxNode, Group> _groups = [];

        public int Run()
        {
            foreach ((int place, OnnxNode node) in _nodes.Index())
            {
                _places[node] = place;
            }

            foreach (OnnxNode node in graph.EachNode().Where(IsOfRows))
            {
                Join(node);
            }

            List<Group> groups = [.. _groups.Values.Distinct()];
            groups.ForEach(Help);
            groups.RemoveAll(group => group.Nodes.Count <= 1 && !group.Nodes.Any(IsWholeRow));
            List<OnnxNode> copies = [.. FindCopies([.. groups.SelectMany(group => group.Nodes)])];
            foreach (Group group in groups)
            {
                new RowWriter(graph, group.Nodes.OrderBy(node => _places[node])).Write();
            }

            copies.ForEach(node => RowWriter.Copy(graph, node));
            return groups.Count + copies.Count;
        }

        /// <summary>
        /// What is taken out of a tensor whose other parts are read where they lie, as the values beside queries and keys: if it is copied from there too, nobody needs the tensor to be moved.
        /// </summary>
        private IEnumerable<OnnxNode> FindCopies(HashSet<OnnxNode> rows)
        {
            foreach (OnnxNode split in _nodes.Where(node => GraphView.Is(node, "Split")))
            {
                List<OnnxNode> parts = [.. split.Outputs.SelectMany(graph.Readers)];
                if (parts.TrueForAll(part => GraphView.Is(part, "Squeeze") && !graph.IsSeenOutside(part.Outputs[0]) && RowSource.Of(graph, part.Outputs[0]) is { View.Split.IsEmpty: false })
                    && parts.Exists(part => graph.Readers(part.Outputs[0]).All(rows.Contains)))
                {
                    foreach (OnnxNode part in parts.Where(part => !graph.Readers(part.Outputs[0]).All(rows.Contains)))
                    {
                        yield return part;
                    }
                }
            }
        }

        /// <summary>Puts a node into the groups that make what it reads, which so become one, or into one of its own.</summary>
        private void Join(OnnxNode node)
        {
            Group own = new(node, graph.Shape(node.Outputs[0])!);
            foreach (string input in node.Inputs)
            {
                if (graph.Maker(input) is { } maker && _groups.TryGetValue(maker, out Group? other) && other != own && other.Shape.AsSpan().SequenceEqual(own.Shape) && IsWhole([.. other.Nodes, .. own.Nodes]))
                {
                    other.Nodes.UnionWith(own.Nodes);
                    own = other;
                    foreach (OnnxNode member in other.Nodes)
                    {
                        _groups[member] = other;
                    }
                }
            }

            _groups[node] = own;
        }

        /// <summary>Takes in what is computed for the group alone and is of rows too, such as one more than a scale.</summary>
        private void Help(Group group)
        {
            for (bool grows = true; grows && group.Nodes.Count > 0;)
            {
                grows = false;
                foreach (string input in group.Nodes.SelectMany(node => node.Inputs).Distinct().ToList())
                {
                    if (graph.Maker(input, "Add", "Sub", "Mul") is { } maker && !group.Nodes.Contains(maker) && IsOfRows(maker) && !graph.IsSeenOutside(input)
                        && graph.Readers(input).All(group.Nodes.Contains) && (!_groups.TryGetValue(maker, out Group? other) || other.Nodes.Count == 1) && IsWhole([.. group.Nodes, maker]))
                    {
                        other?.Nodes.Clear();
                        _groups[maker] = group;
                        grows = group.Nodes.Add(maker);
                    }
                }
            }
        }

        /// <summary>Whether some nodes can run at once: no way leads out of them and in again, and they have no more to do with than a program may.</summary>
        private bool IsWhole(HashSet<OnnxNode> nodes)
        {
            if (CountPlaces(nodes) > RowProgram.MostPlaces)
            {
                return false;
            }

            int last = nodes.Max(node => _places[node]);
            HashSet<OnnxNode> seen = [];
            Stack<OnnxNode> behind = new(nodes.SelectMany(Behind).Where(node => !nodes.Contains(node)));
            while (behind.TryPop(out OnnxNode? node))
            {
                if (nodes.Contains(node))
                {
                    return false;
                }

                if (_places[node] < last && seen.Add(node))
                {
                    foreach (OnnxNode next in Behind(node))
                    {
                        behind.Push(next);
                    }
                }
            }

            return true;
        }

        /// <summary>At most as many rows, or numbers, as a program of some nodes names: what goes in and out, a bias of what goes in, and what is kept in between; three numbers for each normalisation.</summary>
        private int CountPlaces(HashSet<OnnxNode> nodes)
        {
            HashSet<string> made = [.. nodes.SelectMany(node => node.Outputs).Where(output => output.Length > 0)];
            ILookup<bool, string> given = nodes.SelectMany(node => node.Inputs).Where(input => input.Length > 0 && !made.Contains(input)).Distinct().ToLookup(input => graph.Scalar(input) is not null);
            int outputs = made.Count(output => graph.IsSeenOutside(output) || !graph.Readers(output).All(nodes.Contains)), shared = made.Count(output => graph.Readers(output).Count > 1);
            int rows = given[false].Sum(input => RowSource.Of(graph, input).Bias is null ? 1 : 2) + outputs + shared + (2 * nodes.Count(IsWholeRow));
            return Math.Max(rows, given[true].Count() + nodes.Count + (2 * nodes.Count(IsWholeRow)));
        }

        private static bool IsWholeRow(OnnxNode node) => node.OpType is "LayerNormalization" or "RMSNormalization" or "SimplifiedLayerNormalization" or RowProgram.RotateOperator;

        private IEnumerable<OnnxNode> Behind(OnnxNode node) => node.Outputs.Where(output => output.Length > 0).SelectMany(graph.Readers);

        private bool IsOfRows(OnnxNode node)
        {
            if (graph.Shapes.Find(node.Outputs[0])?.ElementType != OnnxElementType.Float32 || graph.Length(node.Outputs[0], -1) is not { } width || width < ShortestRow || width % RowProgram.WidthUnit != 0 || node.Outputs.Skip(1).Any(output => output.Length > 0))
            {
                return false;
            }

            if (node.Domain == RowProgram.Domain)
            {
                return node.OpType == RowProgram.RotateOperator;
            }

            bool quick = node.OpType == "QuickGelu" && node.Domain == OpsetImports.Microsoft;
            if (quick || GraphView.Is(node, "Add", "Sub", "Mul"))
            {
                return node.Inputs.All(input => graph.Shape(input) is { } shape && ((shape.Length > 0 && shape[^1].Length == width) || graph.Scalar(input) is not null));
            }

            return GraphView.Is(node, "LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization") && graph.Rank(node.Inputs[0]) is { } rank && node.Int("axis", -1) is var axis && (axis == -1 || axis == rank - 1)
                && node.Inputs.Skip(1).All(input => input.Length == 0 || (graph.Rank(input) == 1 && graph.Length(input, 0) == width));
        }
    }
}

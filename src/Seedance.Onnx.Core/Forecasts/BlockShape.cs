using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>Blocks of a transformer that are alike, by their dimensions: attention, then a feed-forward network.</summary>
public sealed record BlockShape
{
    /// <summary>How often an elementwise operator reads or writes the tokens of a block, and how often what lies inside its feed-forward network.</summary>
    private const double TokenPasses = 20, HiddenPasses = 2;

    /// <summary>The passes that an attention of its own to the text adds.</summary>
    private const double CrossPasses = 6;

    /// <summary>Operators in a block, fused as far as this runtime fuses.</summary>
    private const double BlockLaunches = 24, CrossLaunches = 8;

    /// <summary>How many such blocks there are.</summary>
    public required int Count { get; init; }

    /// <summary>D: features of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Heads of attention.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside the feed-forward network.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Matrices of the feed-forward network: 2, or 3 for a gated one.</summary>
    public required int Matrices { get; init; }

    /// <summary>Which video tokens one attends to.</summary>
    public required BlockAttention Attention { get; init; }

    /// <summary>Rows and columns of a window; 1 where <see cref="Attention"/> is another.</summary>
    public required (int Rows, int Columns) Window { get; init; }

    /// <summary>How the prompt enters.</summary>
    public required BlockText Text { get; init; }

    /// <summary>Whether text tokens have weights of their own.</summary>
    public required bool TextWeights { get; init; }

    /// <summary>D × D matrices that make scales and shifts of the timestep, once a pass.</summary>
    public required int Modulation { get; init; }

    /// <summary>The numbers in the weights of all <see cref="Count"/> blocks.</summary>
    public double Parameters => Count * (Square * ((4 + Modulation) * Streams + (Text == BlockText.Cross ? 4 : 0)) + (FeedForwardProducts * Streams));

    private double Square => (double)Width * Width;

    private double FeedForwardProducts => (double)Matrices * Width * FeedForward;

    private int Streams => TextWeights ? 2 : 1;

    /// <summary>What one pass through all <see cref="Count"/> blocks does.</summary>
    /// <param name="grid">The tokens.</param>
    /// <returns>Products, attention and everything else.</returns>
    public IEnumerable<OperatorWork> WorkOf(TokenGrid grid)
    {
        double text = Text == BlockText.Joint ? grid.Text : 0, tokens = grid.Video + text;
        (double pairs, double attended) = SelfAttention(grid);
        // Queries, keys, values and what comes out of them are made for what fills windows up, too.
        double products = (attended * 4 * Square) + (tokens * FeedForwardProducts) + (Modulation * Square * Streams);
        double moved = tokens * ((7 * Width) + ((double)Matrices * FeedForward)), passes = TokenPasses, launches = BlockLaunches;
        if (Text == BlockText.Cross)
        {
            products += (grid.Video * 2 * Square) + (grid.Text * 2 * Square);
            moved += ((grid.Video * 4) + (grid.Text * 2)) * Width;
            pairs += grid.Video * grid.Text;
            attended += grid.Video;
            (passes, launches) = (passes + CrossPasses, launches + CrossLaunches);
        }

        yield return new OperatorWork(OperatorClass.Gemm, Count * 2 * products, (Count * moved) + Parameters, 0, 0);
        yield return new OperatorWork(OperatorClass.Attention, Count * 4 * pairs * Width, Count * 4 * attended * Width, Count * pairs * Heads, 0);
        yield return new OperatorWork(OperatorClass.Memory, 0, Count * tokens * ((passes * Width) + (HiddenPasses * FeedForward)), 0, Count * launches);
    }

    /// <summary>The numbers besides weights that one block needs at once.</summary>
    /// <param name="grid">The tokens.</param>
    /// <returns>Numbers.</returns>
    public double LiveValuesOf(TokenGrid grid) => (grid.Video + grid.Text) * ((5 * Width) + ((double)(Matrices - 1) * FeedForward));

    internal static BlockShape Read(JsonFields fields)
    {
        BlockAttention attention = fields.Choice("attention", Enum.GetValues<BlockAttention>(), Name, BlockAttention.All);
        BlockText text = fields.Choice("text", Enum.GetValues<BlockText>(), Name, BlockText.None);
        JsonFields? window = attention == BlockAttention.Window ? fields.Fields("window") : null;
        BlockShape shape = new()
        {
            Count = fields.Whole("count", 1, 1000),
            Width = fields.Whole("width", 1, 1 << 20),
            Heads = fields.Whole("heads", 1, 1 << 16),
            FeedForward = fields.Whole("feed_forward", 0, 1 << 22),
            Matrices = fields.Whole("matrices", 2, 3, ifMissing: 2),
            Attention = attention,
            Window = (window?.Whole("rows", 1, 1 << 16) ?? 1, window?.Whole("columns", 1, 1 << 16) ?? 1),
            Text = text,
            TextWeights = fields.Flag("text_weights", ifMissing: false),
            Modulation = fields.Whole("modulation", 0, 100, ifMissing: 0),
        };
        window?.Close();
        fields.Close();
        return shape;
    }

    /// <summary>Pairs of a query with a key, and queries, in one block; the last window of a row or column is filled up.</summary>
    private (double Pairs, double Queries) SelfAttention(TokenGrid grid)
    {
        double text = Text == BlockText.Joint ? grid.Text : 0, frame = (double)grid.Rows * grid.Columns;
        switch (Attention)
        {
            case BlockAttention.Frame:
                // Text tokens ask text only, once a clip.
                return ((grid.Video * (frame + text)) + (text * text), grid.Video + text);
            case BlockAttention.Window:
                double windows = Math.Ceiling((double)grid.Rows / Window.Rows) * Math.Ceiling((double)grid.Columns / Window.Columns), tokens = (double)grid.Frames * Window.Rows * Window.Columns;
                return (windows * tokens * tokens, windows * tokens);
            default:
                return ((grid.Video + text) * (grid.Video + text), grid.Video + text);
        }
    }

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}

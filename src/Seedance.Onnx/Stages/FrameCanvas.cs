namespace Seedance.Onnx.Stages;

/// <summary>Frames that are put together from tiles, from the upper left on; where a tile lies on those before, one fades into the other.</summary>
/// <param name="frames">The frames, each [H, W, 3].</param>
/// <param name="width">W: pixels of a row.</param>
internal sealed class FrameCanvas(byte[][] frames, int width)
{
    private int _top;
    private int _left;
    private int _tileHeight;
    private int _tileWidth;
    private int _fadeRows;
    private int _fadeColumns;

    /// <summary>Says where the next tile lies.</summary>
    /// <param name="rows">Where tiles begin, in latent rows.</param>
    /// <param name="row">Which of them this is.</param>
    /// <param name="columns">Where tiles begin, in latent columns.</param>
    /// <param name="column">Which of them this is.</param>
    /// <param name="height">Latent rows of a tile.</param>
    /// <param name="columnsOfTile">Latent columns of a tile.</param>
    /// <param name="stride">Pixels of a latent row or column.</param>
    public void Place(int[] rows, int row, int[] columns, int column, int height, int columnsOfTile, int stride)
    {
        (_top, _left) = (rows[row] * stride, columns[column] * stride);
        (_tileHeight, _tileWidth) = (height * stride, columnsOfTile * stride);
        _fadeRows = row == 0 ? 0 : (rows[row - 1] + height - rows[row]) * stride;
        _fadeColumns = column == 0 ? 0 : (columns[column - 1] + columnsOfTile - columns[column]) * stride;
    }

    /// <summary>Draws the tile of one frame.</summary>
    /// <param name="frame">The frame's index.</param>
    /// <param name="tile">[h, w, 3]: the tile's pixels.</param>
    public void Draw(int frame, ReadOnlySpan<byte> tile)
    {
        for (int y = 0; y < _tileHeight; y++)
        {
            Span<byte> to = frames[frame].AsSpan(3 * (((_top + y) * width) + _left), 3 * _tileWidth);
            ReadOnlySpan<byte> from = tile.Slice(3 * y * _tileWidth, 3 * _tileWidth);
            float share = Share(y, _fadeRows);
            int faded = share < 1 ? _tileWidth : Math.Min(_fadeColumns, _tileWidth);
            for (int x = 0; x < faded; x++)
            {
                float own = share * Share(x, _fadeColumns);
                for (int i = 3 * x; i < (3 * x) + 3; i++)
                {
                    to[i] = (byte)MathF.Round(to[i] + (own * (from[i] - to[i])));
                }
            }

            from[(3 * faded)..].CopyTo(to[(3 * faded)..]);
        }
    }

    /// <summary>How much of a pixel is this tile's: from nothing at its edge to everything where the tile before ends.</summary>
    private static float Share(int position, int fade) => position < fade ? (position + 0.5f) / fade : 1;
}
